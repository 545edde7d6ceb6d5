/** How state is written into stores and changelogs: a compact binary form with a version in front. */
@NullMarked
package dev.sparsecast.streams.state;

import org.jspecify.annotations.NullMarked;
