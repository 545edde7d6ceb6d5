/** The events sent to addresses that others gave: signed, in order, again and again until they are taken. */
@NullMarked
package dev.sparsecast.feed.webhook;

import org.jspecify.annotations.NullMarked;
