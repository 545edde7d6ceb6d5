package dev.sparsecast.worker.device;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PyTorch engine of this process. It is started on first use, from the native libraries on the class path and
 * without asking the network for anything; its threads are shared by every model of the process.
 */
public final class TorchEngine {
    private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);
    private static final AtomicBoolean LOGGED = new AtomicBoolean();

    private TorchEngine() {}

    /**
     * Starts the engine if it is not running yet, and sets its number of threads.
     *
     * @param threads threads inside one operation, for the whole process; 0 leaves them as they are (at first: one a core)
     * @throws IllegalStateException if the native library cannot be loaded
     */
    public static synchronized void start(int threads) {
        setIfAbsent("ai.djl.offline", "true");
        setIfAbsent("OPT_OUT_TRACKING", "true");
        setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
        try {
            Engine engine = Engine.getEngine("PyTorch");
            if (threads > 0 && JniUtils.getNumThreads() != threads) {
                JniUtils.setNumThreads(threads);
            }
            if (LOGGED.compareAndSet(false, true)) {
                LOG.atInfo()
                        .addKeyValue("engine", engine.getEngineName() + " " + engine.getVersion())
                        .addKeyValue("threads", JniUtils.getNumThreads())
                        .log("Started the compute engine");
            }
        } catch (EngineException e) {
            throw new IllegalStateException(
                    "cannot start PyTorch: its native libraries need glibc on Linux x86_64 (not musl), a writable home"
                            + " directory for their cache, and --enable-native-access=ALL-UNNAMED",
                    e);
        }
    }

    static NDManager cpuManager() {
        return NDManager.newBaseManager(Device.cpu(), "PyTorch");
    }

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
