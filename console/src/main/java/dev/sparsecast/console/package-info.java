/** The console: one web page, live, over what all topics say. */
@NullMarked
package dev.sparsecast.console;

import org.jspecify.annotations.NullMarked;
