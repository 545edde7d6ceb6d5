/** Drift: how far recent activations are from those that the newest release was made from, against a learned noise floor. */
@NullMarked
package dev.sparsecast.streams.drift;

import org.jspecify.annotations.NullMarked;
