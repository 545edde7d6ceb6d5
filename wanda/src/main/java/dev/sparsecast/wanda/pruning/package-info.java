/** From weights and calibrations to masks, over all rows and threads, and the run that the prune command makes. */
@NullMarked
package dev.sparsecast.wanda.pruning;

import org.jspecify.annotations.NullMarked;
