/** The streams app: one topology of running statistics and drift, and the service that runs it. */
@NullMarked
package dev.sparsecast.streams;

import org.jspecify.annotations.NullMarked;
