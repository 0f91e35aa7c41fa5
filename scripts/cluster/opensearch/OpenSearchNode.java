import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * An OpenSearch node, 2.19 or 3.x, whose modules are classes on the class path. Arguments: setting=value ..., path.home among
 * them. It ends when its standard input does, so that no test leaves it behind.
 */
public class OpenSearchNode extends Node {
  static final List<String> MODULES = List.of("transport.Netty4", "analysis.common.CommonAnalysis", "painless.Painless",
      "index.mapper.MapperExtras", "index.reindex.Reindex");

  // The elements are classes in 2.x, and descriptions of them in 3.x.
  @SuppressWarnings({"unchecked", "rawtypes"})
  OpenSearchNode(Environment environment, Collection modules) {
    super(environment, modules, false);
  }

  public static void main(String[] arguments) throws Exception {
    Settings.Builder settings = Settings.builder();
    for (String argument : arguments) {
      int at = argument.indexOf('=');
      settings.put(argument.substring(0, at), argument.substring(at + 1));
    }
    List<Object> modules = new ArrayList<>();
    for (String module : MODULES) modules.add(Version.CURRENT.major < 3 ? find(module) : describe(find(module).getName()));
    Environment environment = new Environment(settings.build(), Path.of(settings.get("path.home"), "config"));
    Node node = new OpenSearchNode(environment, modules);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (IOException error) {
        error.printStackTrace();
      }
    }));
    node.start();
    while (System.in.read() >= 0) continue;
    System.exit(0);
  }

  /** Some were renamed in 3.x. */
  static Class<?> find(String module) throws ClassNotFoundException {
    try {
      return Class.forName("org.opensearch." + module + "Plugin");
    } catch (ClassNotFoundException error) {
      return Class.forName("org.opensearch." + module + "ModulePlugin");
    }
  }

  static Object describe(String name) throws Exception {
    for (Constructor<?> constructor : PluginInfo.class.getConstructors())
      if (constructor.getParameterCount() == 9 && constructor.getParameterTypes()[3] == Version.class)
        return constructor.newInstance(name, "", "NA", Version.CURRENT, "21", name, null, List.of(), false);
    throw new IllegalStateException("no way to describe a module to this version");
  }
}
