/** Which failures are a record's own fault, so that it goes to the dead letters, and which must stop the app. */
@NullMarked
package dev.sparsecast.streams.deadletters;

import org.jspecify.annotations.NullMarked;
