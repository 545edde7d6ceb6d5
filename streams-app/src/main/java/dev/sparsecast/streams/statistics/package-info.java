/** Norms to running statistics: epochs by content, sealed in order, the same sums whatever order flushes arrive in. */
@NullMarked
package dev.sparsecast.streams.statistics;

import org.jspecify.annotations.NullMarked;
