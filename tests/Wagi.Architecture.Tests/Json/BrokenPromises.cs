using System.Collections;
using System.Reflection;

namespace Wagi.Architecture.Tests.Json;

/// <summary>
/// Finds where an object does not hold what its type promises: a property that is not declared nullable and is null, a list that was
/// never made, a property that throws.
/// </summary>
internal sealed class BrokenPromises
{
    private readonly NullabilityInfoContext _nullability = new();
    private readonly List<string> _found = [];

    private BrokenPromises()
    {
    }

    /// <summary>One line for each, with the property's path.</summary>
    public static IReadOnlyList<string> Of(object value)
    {
        var search = new BrokenPromises();
        search.Look(value, value.GetType().Name, null);
        return search._found;
    }

    private void Look(object value, string path, NullabilityInfo? declared)
    {
        if (value is IEnumerable elements and not string)
        {
            LookIntoElements(elements, path, declared);
            return;
        }

        if (!Product.Owns(value.GetType()) || value.GetType().IsEnum) return;
        Try($"{path}.ToString()", value.ToString);
        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length > 0) continue;
            var name = $"{path}.{property.Name}";
            var nullability = _nullability.Create(property);
            switch (Try(name, () => property.GetValue(value)))
            {
                case (false, _):
                    break;
                case (true, null):
                    if (!MayBeNull(nullability)) _found.Add($"{name} is null");
                    break;
                case (true, { } member):
                    Look(member, name, nullability);
                    break;
            }
        }
    }

    private void LookIntoElements(IEnumerable elements, string path, NullabilityInfo? declared)
    {
        if (elements.GetType().GetProperty("IsDefault")?.GetValue(elements) is true)
        {
            _found.Add($"{path} was never made");
            return;
        }

        // The last argument: the element of a list, the value of a map. A document that is a list or a map itself has no declaration
        // that says whether its elements may be null.
        var element = declared?.ElementType ?? declared?.GenericTypeArguments.LastOrDefault();
        foreach (var item in elements)
        {
            var value = item is not null && item.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>)
                ? type.GetProperty("Value")!.GetValue(item)
                : item;
            if (value is not null) Look(value, $"{path}[]", element);
            else if (element is not null && !MayBeNull(element)) _found.Add($"{path} holds null");
        }
    }

    private (bool Answered, object? Value) Try(string name, Func<object?> read)
    {
        try
        {
            return (true, read());
        }
#pragma warning disable CA1031 // Whatever it throws is what is looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _found.Add($"{name} throws {(exception.InnerException ?? exception).GetType().Name}");
            return (false, null);
        }
    }

    private static bool MayBeNull(NullabilityInfo nullability) =>
        nullability.ReadState != NullabilityState.NotNull || Nullable.GetUnderlyingType(nullability.Type) is not null;
}
