/** Releases as a numbered sequence of events. */
@NullMarked
package dev.sparsecast.feed.event;

import org.jspecify.annotations.NullMarked;
