"""Names of properties that tell where a photo was taken."""

import pytest

from veraretouch.core.photo.metadata.places import tells_a_place

PLACES = [
    *(
        "GPSLatitude",
        "GpsLongtitude",
        "AbsoluteAltitude",
        "shotLocation",
        "GeoLocation",
        "LocationShown",
        "lat",
        "long",
    ),
    *("City", "Sublocation", "Sub-location", "ProvinceState", "stateProvince", "CountryCode", "decimalLatitude"),
    *("PostalCode", "Street", "Country-PrimaryLocationName", "locality", "Landmark", "georss:point", "LocationName"),
    *("coverage", "spatial", "footprintWKT", "verbatimLocality", "higherGeography", "minimumElevationInMeters"),
    *("georeferenceRemarks", "geodeticDatum", "pointRadiusSpatialFit", "lat_long", "mcc", "lac", "cid", "habitat"),
]
OTHERS = ["Title", "Rating", "CiAdrCity", "CreatorContactInfo", "Longing", "Allotment", "Street Photography", ""]
OTHERS += [
    "SubjectLocation",
    "ISOSpeedLatitudeyyy",
    "SpatialFrequencyResponse",
    "TemporalCoverage",
    "DepthMap",
    "Lacquer",
]


@pytest.mark.parametrize("name", PLACES)
def test_these_tell_a_place(name):
    assert tells_a_place(name)


@pytest.mark.parametrize("name", OTHERS)
def test_these_do_not(name):
    assert not tells_a_place(name)
