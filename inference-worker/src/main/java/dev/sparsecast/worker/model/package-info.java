/** The forward pass of a decoder-only transformer, with taps on the inputs of its linear layers. */
@NullMarked
package dev.sparsecast.worker.model;

import org.jspecify.annotations.NullMarked;
