"""The built-in ops, one file an op family. They come in through entry points, as everybody's do."""
