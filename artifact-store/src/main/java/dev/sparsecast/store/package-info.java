/** Where the artifacts of releases lie: immutable files by name. */
@NullMarked
package dev.sparsecast.store;

import org.jspecify.annotations.NullMarked;
