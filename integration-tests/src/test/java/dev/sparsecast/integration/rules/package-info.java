/** What is written down about the code, held to by tests: who may know whom, nullness, formatting. */
@NullMarked
package dev.sparsecast.integration.rules;

import org.jspecify.annotations.NullMarked;
