"""The site on a device: installed as an app, and of use where there is no network."""
