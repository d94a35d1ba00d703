"""Values and rules of Portico. They need only the standard library and idna."""
