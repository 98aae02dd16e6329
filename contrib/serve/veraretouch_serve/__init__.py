"""What servers of veraretouch share: who may ask, how an interface is described and judged, jobs."""
