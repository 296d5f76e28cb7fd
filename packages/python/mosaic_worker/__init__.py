"""Carries out Mosaic's runs of classes written in Python. Mosaic starts it; `driver` plays Mosaic's part where there is no Node."""
