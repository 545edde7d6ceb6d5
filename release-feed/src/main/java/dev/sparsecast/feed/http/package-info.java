/** The events over HTTP: as a list, as server-sent events, and the artifacts that they name. */
@NullMarked
package dev.sparsecast.feed.http;

import org.jspecify.annotations.NullMarked;
