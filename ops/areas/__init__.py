"""The built-in areas, one file an area. They come in through entry points, as everybody's do."""
