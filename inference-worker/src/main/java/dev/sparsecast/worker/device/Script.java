package dev.sparsecast.worker.device;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/** TorchScript that the engine has compiled. Used by one thread at a time. */
public final class Script implements AutoCloseable {
    private final PtSymbolBlock module;

    private Script(PtSymbolBlock module) {
        this.module = module;
    }

    /** Compiles an archive, such as {@code torch.jit.save} writes, on the scope's device. */
    public static Script load(DeviceScope scope, byte[] archive) {
        try {
            return new Script(
                    JniUtils.loadModule(scope.engineManager(), new ByteArrayInputStream(archive), false, false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Calls a method; the arguments stay the caller's.
     *
     * @throws ScriptException if the engine cannot do what the script says
     */
    public ScriptValue call(String method, ScriptValue... arguments) {
        IValue[] values = Arrays.stream(arguments).map(ScriptValue::value).toArray(IValue[]::new);
        try {
            return TorchEngine.call(() -> new ScriptValue(IValueUtils.runMethod(module, method, values)));
        } catch (EngineException e) {
            throw new ScriptException("the compute engine failed in '" + method + "': " + reason(e), e);
        }
    }

    /** The last line that says something: before it comes where in the script it was. */
    private static String reason(EngineException problem) {
        return String.valueOf(problem.getMessage())
                .lines()
                .filter(line -> line.startsWith("RuntimeError"))
                .findFirst()
                .orElse("see the cause");
    }

    @Override
    public void close() {
        module.close();
    }
}
