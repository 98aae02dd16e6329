"""What a photo shows: a small network gives each pixel its shares of sky, foliage, water, snow, ground, building,
person and skin; planners and areas read them.
"""
