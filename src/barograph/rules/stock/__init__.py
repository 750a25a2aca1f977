"""The alerts that come with Barograph, in the form of the section `thresholds`."""
