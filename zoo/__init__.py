"""The zoo: names -> retouchers. So far it holds the planners that need no weights; bundles from the Hub are to come."""

from .load import list_names as list
from .load import load

__all__ = ["list", "load"]
