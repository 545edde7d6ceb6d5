/** TorchScript put together at run time: the text of a model's arithmetic, and the archive that the engine loads. */
@NullMarked
package dev.sparsecast.worker.script;

import org.jspecify.annotations.NullMarked;
