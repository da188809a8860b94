using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.fields</c>, as components call it.</summary>
internal static class FieldFunctions
{
    /// <summary>A string and a list of bytes in memory.</summary>
    private const uint SizeOfEntry = 16;
    private const uint SizeOfList = 8;

    public static void AddTo(LoweredFunctions functions)
    {
        const string Types = HttpTypes.Interface;
        functions.AddDrop<Fields>(Types, "fields");
        functions.Add(Types, "[constructor]fields", "", "i", static (in call) => call.Own(new Fields(call.Component)));
        functions.Add(Types, "[static]fields.from-list", "iii", "", FromList);
        functions.Add(Types, "[method]fields.get", "iiii", "", Get);
        functions.Add(Types, "[method]fields.has", "iii", "i", static (in call) => call.Resource<Fields>(0).Has(call.Text(1)) ? 1 : 0);
        functions.Add(Types, "[method]fields.set", "iiiiii", "", Set);
        functions.Add(Types, "[method]fields.delete", "iiii", "", static (in call) => Store(call, 3, call.Resource<Fields>(0).Delete(call.Text(1))));
        functions.Add(Types, "[method]fields.append", "iiiiii", "", static (in call) =>
            Store(call, 5, call.Resource<Fields>(0).Append(call.Text(1), call.Bytes(3))));
        functions.Add(Types, "[method]fields.entries", "ii", "", Entries);
        functions.Add(Types, "[method]fields.clone", "i", "i", static (in call) => call.Own(call.Resource<Fields>(0).Copy(call.Component)));
    }

    private static long FromList(in LoweredCall call)
    {
        var fields = new Fields(call.Component);
        var list = call.List(0, SizeOfEntry, 4);
        var error = HeaderError.None;
        for (var i = 0; i < list.Count && error == HeaderError.None; i++)
        {
            var at = list.At(i);
            error = fields.Append(
                call.Text(call.Memory.ReadU32(at), call.Memory.ReadU32(at + 4)), call.Memory.Slice(call.Memory.ReadU32(at + 8), call.Memory.ReadU32(at + 12)));
        }

        call.Memory.WriteByte(call.U32(2), error == HeaderError.None ? HttpTypes.Ok : HttpTypes.Error);
        if (error == HeaderError.None)
        {
            call.Memory.WriteU32(call.U32(2) + 4, call.Own(fields));
        }
        else
        {
            fields.Release();
            call.Memory.WriteByte(call.U32(2) + 4, (byte)error);
        }

        return 0;
    }

    private static long Get(in LoweredCall call)
    {
        var values = call.Resource<Fields>(0).Get(call.Text(1)).ToList();
        var at = call.StoreList(call.U32(3), values.Count, SizeOfList, 4);
        foreach (var value in values)
        {
            call.Store(at, value);
            at += SizeOfList;
        }

        return 0;
    }

    /// <summary>All values, or none of them, take the place of those that are there.</summary>
    private static long Set(in LoweredCall call)
    {
        var fields = call.Resource<Fields>(0);
        var name = call.Text(1);
        var list = call.List(3, SizeOfList, 4);
        var error = fields.Check(name, default);
        for (var i = 0; i < list.Count && error == HeaderError.None; i++)
        {
            error = fields.Check(name, call.Bytes(list, i));
        }

        if (error == HeaderError.None)
        {
            fields.Delete(name);
            for (var i = 0; i < list.Count; i++)
            {
                fields.Append(name, call.Bytes(list, i));
            }
        }

        return Store(call, 5, error);
    }

    private static long Entries(in LoweredCall call)
    {
        var fields = call.Resource<Fields>(0).All;
        var at = call.StoreList(call.U32(1), fields.Count, SizeOfEntry, 4);
        foreach (var (name, value) in fields)
        {
            call.StoreText(at, name.ToLowerInvariant());
            call.Store(at + 8, value);
            at += SizeOfEntry;
        }

        return 0;
    }

    /// <summary><c>result&lt;_, header-error&gt;</c>.</summary>
    private static long Store(in LoweredCall call, int argument, HeaderError error)
    {
        call.Memory.WriteByte(call.U32(argument), error == HeaderError.None ? HttpTypes.Ok : HttpTypes.Error);
        if (error != HeaderError.None)
        {
            call.Memory.WriteByte(call.U32(argument) + 1, (byte)error);
        }

        return 0;
    }
}
