"""Networks that are built here: small teaching nets, the Deep Compression SqueezeNet, baselines; and timm's."""
