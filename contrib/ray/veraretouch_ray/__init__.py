"""veraretouch on a cluster, by Ray Data."""
