package dev.sparsecast.schemas;

/**
 * Drift of one tap in one decoder block.
 *
 * @param effect relative L2 distance {@code |r - r0| / |r0|} of RMS per channel
 * @param cosineDistance {@code 1 - cos(r, r0)}
 * @param noiseFloor what {@code effect} is when nothing drifts
 */
public record TapDrift(int layer, String tap, double effect, double cosineDistance, double noiseFloor) {}
