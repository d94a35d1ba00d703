"""Makes the catalogue of icons that the console offers, from the packages that have them."""
