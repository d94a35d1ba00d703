"""Use-cases of user portals, their pages, domains and certificates, and what people do on them."""
