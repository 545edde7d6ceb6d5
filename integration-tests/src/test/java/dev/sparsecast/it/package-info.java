/** Tests of the whole system: a real broker, a real registry, real processes. */
@NullMarked
package dev.sparsecast.it;

import org.jspecify.annotations.NullMarked;
