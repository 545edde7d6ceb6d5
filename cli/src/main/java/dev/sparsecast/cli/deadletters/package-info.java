/** Records that no service could process: to look at, and to send where they came from once the cause is mended. */
@NullMarked
package dev.sparsecast.cli.deadletters;

import org.jspecify.annotations.NullMarked;
