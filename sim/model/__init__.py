"""The words of the model: mechanisms and the strategies composed of them."""
