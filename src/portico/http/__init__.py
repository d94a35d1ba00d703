"""The JSON API on the vendor's wire format."""
