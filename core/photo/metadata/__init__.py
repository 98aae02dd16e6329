"""What a photo's file says beside its pixels: EXIF and XMP, read and written."""
