"""Between a photo's own colour space and the working space: profiles and encodings."""
