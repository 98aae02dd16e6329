"""Words of plug-ins: lexicons by entry point, read after the built-in one."""
