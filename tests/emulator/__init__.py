"""Tests of the layer or the promise that the folder is named after."""
