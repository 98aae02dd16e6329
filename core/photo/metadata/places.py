"""Which names of properties tell where a photo was taken: by coordinates, by a place's name, by an address.

IPTC Photo Metadata 2023.1 (Location structure), Dublin Core and Darwin Core (dwc), W3C's Basic Geo, XMP Dynamic Media
(shotLocation), the cells of phone networks, drone makers' own. The address of a photo's maker (IPTC's CiAdr...) is no
place of the photo, and stays.
"""

from __future__ import annotations

from typing import Final

_PARTS: Final = (
    *("gps", "latitude", "longitude", "location", "altitude", "geotag", "coordinates", "georss", "geography"),
    *("georef", "geodetic", "locality", "elevation", "footprint", "spatialfit"),
)
_NAMES: Final = frozenset(
    {
        *("city", "state", "country", "countrycode", "countryname", "provincestate", "stateprovince", "worldregion"),
        *("province", "region", "district", "county", "municipality", "locality", "neighborhood", "neighbourhood"),
        *("postalcode", "postcode", "zip", "zipcode", "street", "streetaddress", "address", "placename", "place"),
        *("continent", "island", "islandgroup", "waterbody", "highergeography", "landmark", "venue"),
        *("coverage", "spatial", "habitat", "latlong", "latlon", "mcc", "mnc", "lac", "cid", "cgi"),
        *("lat", "lon", "long", "lng", "alt", "point", "geohash", "what3words", "pluscode", "mapdatum"),
    }
)
# Of the picture's plane, the light, and how a sensor is rated (CIPA DC-008).
_ELSE: Final = frozenset({"subjectlocation", "isospeedlatitudeyyy", "isospeedlatitudezzz", "cameraelevationangle"})


def tells_a_place(name: str) -> bool:
    """Say whether a property of this local name tells where a photo was taken.

    >>> [tells_a_place(name) for name in ("shotLocation", "GPSLatitude", "PostalCode", "Title", "CiAdrCity")]
    [True, True, True, False, False]
    """
    plain = name.casefold().replace("-", "").replace("_", "").replace(" ", "")
    return plain not in _ELSE and (plain in _NAMES or any(part in plain for part in _PARTS))
