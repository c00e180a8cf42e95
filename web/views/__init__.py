"""The views of the pages: each hands a template the module that fills it."""
