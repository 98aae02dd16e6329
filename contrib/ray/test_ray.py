"""Outputs are called by their inputs alone."""

from veraretouch_ray.naming import outputs_of, picture_name


def test_a_picture_keeps_its_photos_name_unless_its_format_changes_and_no_two_share_one():
    named = {name: picture_name(name) for name in ("a.jpg", "a.nef", "a.nef.jpg", "trip/a.jpg")}
    assert named == {
        "a.jpg": "a.jpg",
        "a.nef": "a.nef.jpg",
        "a.nef.jpg": "a.nef.jpg.jpg",
        "trip/a.jpg": "trip/a.jpg",
    }
    assert outputs_of("trip/a.jpg")["xmp"] == "xmp/trip/a.jpg.xmp"
