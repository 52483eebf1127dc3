"""The viewer of pictures: a grid, one picture in full, a chain to play with, volumes in three planes.

items are what is shown · source is where they come from · wire packs them · image_viewer answers its page · sheet is
the picture that stays · output puts both into a cell. All of it knows neither Spark nor what a set of images is.
"""
