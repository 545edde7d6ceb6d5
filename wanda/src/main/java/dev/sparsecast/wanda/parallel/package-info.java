/** One piece of work cut into numbered tasks and done by some threads. */
@NullMarked
package dev.sparsecast.wanda.parallel;

import org.jspecify.annotations.NullMarked;
