using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Wagi.Architecture.Tests.Folders;

/// <summary>
/// Which folders of a project name which others: in what was compiled, and in the <c>using</c> directives of its sources, since a constant
/// leaves no trace in what was compiled. A folder is a namespace; one inside another counts as another.
/// </summary>
internal sealed partial class FolderReferences
{
    private readonly HashSet<string> _own;
    private readonly Dictionary<(string From, string To), SortedSet<string>> _found = [];

    private FolderReferences(IEnumerable<string> own) => _own = [.. own];

    /// <param name="assemblyPath">The project's own assembly, beside those that it refers to.</param>
    /// <param name="sources">The folder of its sources.</param>
    /// <returns>Each reference between two folders, with the types that make it: <c>Planner → WagiModule</c>.</returns>
    public static IReadOnlyList<FolderReference> Read(string assemblyPath, string sources)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(assemblyPath));
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location));
        using var assembly = AssemblyDefinition.ReadAssembly(assemblyPath, new ReaderParameters { AssemblyResolver = resolver });
        var files = Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(sources, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Select(path => (Name: Path.GetFileNameWithoutExtension(path), Text: File.ReadAllText(path)))
            .Select(file => (file.Name, file.Text, Namespace: NamespaceLine().Match(file.Text).Groups["name"].Value))
            .Where(file => file.Namespace.Length > 0)
            .ToList();

        // Types elsewhere are what generators write: in namespaces of packages.
        var references = new FolderReferences(files.Select(file => file.Namespace));
        foreach (var type in assembly.MainModule.GetTypes())
        {
            foreach (var named in TypesNamedBy(type).SelectMany(Parts).Where(named => !named.IsGenericParameter && named.Scope == type.Module))
            {
                references.Add(Outermost(type).Namespace, Outermost(named).Namespace, $"{Outermost(type).Name} → {Outermost(named).Name}");
            }
        }

        foreach (var file in files)
        {
            foreach (Match directive in UsingLine().Matches(file.Text))
            {
                references.Add(file.Namespace, directive.Groups["name"].Value, $"{file.Name} → using");
            }
        }

        return [.. references._found.Select(found => new FolderReference(found.Key.From, found.Key.To, found.Value))];
    }

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    private void Add(string from, string to, string types)
    {
        if (from == to || !_own.Contains(from) || !_own.Contains(to))
        {
            return;
        }

        if (!_found.TryGetValue((from, to), out var named))
        {
            _found[(from, to)] = named = new(StringComparer.Ordinal);
        }

        named.Add(types);
    }

    private static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type;
    }

    /// <summary>A constructed type and everything that it is made of.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type)
    {
        switch (type)
        {
            case GenericInstanceType generic:
                return generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType);
            case FunctionPointerType function:
                return function.Parameters.SelectMany(parameter => Parts(parameter.ParameterType)).Concat(Parts(function.ReturnType));
            case IModifierType modified:
                return Parts(modified.ModifierType).Concat(Parts(modified.ElementType));
            case TypeSpecification specification:
                return Parts(specification.ElementType);
            default:
                return [type];
        }
    }

    private static IEnumerable<TypeReference> TypesNamedBy(TypeDefinition type)
    {
        IEnumerable<TypeReference?> named =
        [
            type.BaseType,
            .. type.Interfaces.Select(implemented => implemented.InterfaceType),
            .. type.GenericParameters.SelectMany(Constraints),
            .. Attributes(type),
            .. type.Fields.SelectMany(field => Attributes(field).Append(field.FieldType)),
            .. type.Properties.SelectMany(property => Attributes(property).Append(property.PropertyType)),
            .. type.Events.SelectMany(declared => Attributes(declared).Append(declared.EventType)),
            .. type.Methods.SelectMany(TypesNamedBy),
        ];
        return named.OfType<TypeReference>();
    }

    private static IEnumerable<TypeReference?> TypesNamedBy(MethodDefinition method) =>
    [
        .. Signature(method),
        .. method.GenericParameters.SelectMany(Constraints),
        .. Attributes(method),
        .. method.Parameters.SelectMany(Attributes),
        .. method.HasBody ? Body(method.Body) : [],
    ];

    private static IEnumerable<TypeReference?> Body(MethodBody body) =>
    [
        .. body.Variables.Select(variable => variable.VariableType),
        .. body.ExceptionHandlers.Select(handler => handler.CatchType),
        .. body.Instructions.SelectMany(Operand),
    ];

    private static IEnumerable<TypeReference?> Operand(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod generic => [generic.DeclaringType, .. generic.GenericArguments, .. Signature(generic.ElementMethod)],
        MethodReference method => [method.DeclaringType, .. Signature(method)],
        CallSite site => Signature(site),
        _ => [],
    };

    private static IEnumerable<TypeReference> Signature(IMethodSignature signature) =>
        signature.Parameters.Select(parameter => parameter.ParameterType).Append(signature.ReturnType);

    private static IEnumerable<TypeReference> Constraints(GenericParameter parameter) => parameter.Constraints.Select(constraint => constraint.ConstraintType);

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(attribute => attribute.ConstructorArguments
            .Concat(attribute.Properties.Select(property => property.Argument))
            .SelectMany(Values)
            .Select(argument => argument.Value)
            .OfType<TypeReference>()
            .Append(attribute.AttributeType));

    private static IEnumerable<CustomAttributeArgument> Values(CustomAttributeArgument argument) =>
        argument.Value is CustomAttributeArgument[] elements ? elements.SelectMany(Values) : [argument];
}

/// <summary>One folder names another.</summary>
/// <param name="From">The folder that names.</param>
/// <param name="To">The folder that is named.</param>
/// <param name="Types">Which type names which: <c>Planner → WagiModule</c>.</param>
internal sealed record FolderReference(string From, string To, IReadOnlyCollection<string> Types);
