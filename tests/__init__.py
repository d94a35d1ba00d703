"""The tests of Portico. Folders mirror the layers; contract, clients and faults cut across them."""
