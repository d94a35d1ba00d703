"""Storage of the audit trail: appending entries and querying them."""
