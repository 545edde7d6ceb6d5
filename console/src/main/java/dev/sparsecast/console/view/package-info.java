/** What the console's API answers: records whose fields are the JSON, in snake case. */
@NullMarked
package dev.sparsecast.console.view;

import org.jspecify.annotations.NullMarked;
