"""Every write of this app: one function per use-case, one transaction each."""
