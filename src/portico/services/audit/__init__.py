"""Use-cases that read the audit trail."""
