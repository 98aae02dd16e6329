"""What the checks put before plug-ins: pixels, settings of slots, and the smallest input that shows a fault."""
