/** Where prompts come from, and the producer that sends them. */
@NullMarked
package dev.sparsecast.producers;

import org.jspecify.annotations.NullMarked;
