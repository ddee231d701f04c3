"""The layouts of the SunSpec models that simulated devices offer, as data, and the chain of models in a register image.

Source: SunSpec model definitions (github.com/sunspec/models, json/model_*.json; grade A). A layout is `name:type` in
order, from the register behind ID and L. Types: u i e b 16 bits (unsigned, signed, enumeration, bit field), u2 i2 b2
acc2 32 bits, u4 acc4 64 bits, f2 float32, sf scale factor, sN text of N registers, pad. A group that a model repeats is
here once. Models 101 and 102 have the layout of 103, 111 and 112 that of 113.
"""

LAYOUTS = {
    1: """
        Mn:s16 Md:s16 Opt:s8 Vr:s8 SN:s16 DA:u Pad:pad""",
    103: """
        A:u AphA:u AphB:u AphC:u A_SF:sf PPVphAB:u PPVphBC:u PPVphCA:u PhVphA:u PhVphB:u PhVphC:u V_SF:sf W:i
        W_SF:sf Hz:u Hz_SF:sf VA:i VA_SF:sf VAr:i VAr_SF:sf PF:i PF_SF:sf WH:acc2 WH_SF:sf DCA:u DCA_SF:sf DCV:u
        DCV_SF:sf DCW:i DCW_SF:sf TmpCab:i TmpSnk:i TmpTrns:i TmpOt:i Tmp_SF:sf St:e StVnd:e Evt1:b2 Evt2:b2
        EvtVnd1:b2 EvtVnd2:b2 EvtVnd3:b2 EvtVnd4:b2""",
    113: """
        A:f2 AphA:f2 AphB:f2 AphC:f2 PPVphAB:f2 PPVphBC:f2 PPVphCA:f2 PhVphA:f2 PhVphB:f2 PhVphC:f2 W:f2 Hz:f2 VA:f2
        VAr:f2 PF:f2 WH:f2 DCA:f2 DCV:f2 DCW:f2 TmpCab:f2 TmpSnk:f2 TmpTrns:f2 TmpOt:f2 St:e StVnd:e Evt1:b2 Evt2:b2
        EvtVnd1:b2 EvtVnd2:b2 EvtVnd3:b2 EvtVnd4:b2""",
    120: """
        DERTyp:e WRtg:u WRtg_SF:sf VARtg:u VARtg_SF:sf VArRtgQ1:i VArRtgQ2:i VArRtgQ3:i VArRtgQ4:i VArRtg_SF:sf
        ARtg:u ARtg_SF:sf PFRtgQ1:i PFRtgQ2:i PFRtgQ3:i PFRtgQ4:i PFRtg_SF:sf WHRtg:u WHRtg_SF:sf AhrRtg:u
        AhrRtg_SF:sf MaxChaRte:u MaxChaRte_SF:sf MaxDisChaRte:u MaxDisChaRte_SF:sf Pad:pad""",
    121: """
        WMax:u VRef:u VRefOfs:i VMax:u VMin:u VAMax:u VArMaxQ1:i VArMaxQ2:i VArMaxQ3:i VArMaxQ4:i WGra:u PFMinQ1:i
        PFMinQ2:i PFMinQ3:i PFMinQ4:i VArAct:e ClcTotVA:e MaxRmpRte:u ECPNomHz:u ConnPh:e WMax_SF:sf VRef_SF:sf
        VRefOfs_SF:sf VMinMax_SF:sf VAMax_SF:sf VArMax_SF:sf WGra_SF:sf PFMin_SF:sf MaxRmpRte_SF:sf ECPNomHz_SF:sf""",
    122: """
        PVConn:b StorConn:b ECPConn:b ActWh:acc4 ActVAh:acc4 ActVArhQ1:acc4 ActVArhQ2:acc4 ActVArhQ3:acc4
        ActVArhQ4:acc4 VArAval:i VArAval_SF:sf WAval:u WAval_SF:sf StSetLimMsk:b2 StActCtl:b2 TmSrc:s4 Tms:u2 RtSt:b
        Ris:u Ris_SF:sf""",
    123: """
        Conn_WinTms:u Conn_RvrtTms:u Conn:e WMaxLimPct:u WMaxLimPct_WinTms:u WMaxLimPct_RvrtTms:u
        WMaxLimPct_RmpTms:u WMaxLim_Ena:e OutPFSet:i OutPFSet_WinTms:u OutPFSet_RvrtTms:u OutPFSet_RmpTms:u
        OutPFSet_Ena:e VArWMaxPct:i VArMaxPct:i VArAvalPct:i VArPct_WinTms:u VArPct_RvrtTms:u VArPct_RmpTms:u
        VArPct_Mod:e VArPct_Ena:e WMaxLimPct_SF:sf OutPFSet_SF:sf VArPct_SF:sf""",
    124: """
        WChaMax:u WChaGra:u WDisChaGra:u StorCtl_Mod:b VAChaMax:u MinRsvPct:u ChaState:u StorAval:u InBatV:u ChaSt:e
        OutWRte:i InWRte:i InOutWRte_WinTms:u InOutWRte_RvrtTms:u InOutWRte_RmpTms:u ChaGriSet:e WChaMax_SF:sf
        WChaDisChaGra_SF:sf VAChaMax_SF:sf MinRsvPct_SF:sf ChaState_SF:sf StorAval_SF:sf InBatV_SF:sf
        InOutWRte_SF:sf""",
    203: """
        A:i AphA:i AphB:i AphC:i A_SF:sf PhV:i PhVphA:i PhVphB:i PhVphC:i PPV:i PhVphAB:i PhVphBC:i PhVphCA:i
        V_SF:sf Hz:i Hz_SF:sf W:i WphA:i WphB:i WphC:i W_SF:sf VA:i VAphA:i VAphB:i VAphC:i VA_SF:sf VAR:i VARphA:i
        VARphB:i VARphC:i VAR_SF:sf PF:i PFphA:i PFphB:i PFphC:i PF_SF:sf TotWhExp:acc2 TotWhExpPhA:acc2
        TotWhExpPhB:acc2 TotWhExpPhC:acc2 TotWhImp:acc2 TotWhImpPhA:acc2 TotWhImpPhB:acc2 TotWhImpPhC:acc2
        TotWh_SF:sf TotVAhExp:acc2 TotVAhExpPhA:acc2 TotVAhExpPhB:acc2 TotVAhExpPhC:acc2 TotVAhImp:acc2
        TotVAhImpPhA:acc2 TotVAhImpPhB:acc2 TotVAhImpPhC:acc2 TotVAh_SF:sf TotVArhImpQ1:acc2 TotVArhImpQ1PhA:acc2
        TotVArhImpQ1PhB:acc2 TotVArhImpQ1PhC:acc2 TotVArhImpQ2:acc2 TotVArhImpQ2PhA:acc2 TotVArhImpQ2PhB:acc2
        TotVArhImpQ2PhC:acc2 TotVArhExpQ3:acc2 TotVArhExpQ3PhA:acc2 TotVArhExpQ3PhB:acc2 TotVArhExpQ3PhC:acc2
        TotVArhExpQ4:acc2 TotVArhExpQ4PhA:acc2 TotVArhExpQ4PhB:acc2 TotVArhExpQ4PhC:acc2 TotVArh_SF:sf Evt:b2""",
    701: """
        ACType:e St:e InvSt:e ConnSt:e Alrm:b2 DERMode:b2 W:i VA:i Var:i PF:i A:i LLV:u LNV:u Hz:u2 TotWhInj:u4
        TotWhAbs:u4 TotVarhInj:u4 TotVarhAbs:u4 TmpAmb:i TmpCab:i TmpSnk:i TmpTrns:i TmpSw:i TmpOt:i WL1:i VAL1:i
        VarL1:i PFL1:i AL1:i VL1L2:u VL1:u TotWhInjL1:u4 TotWhAbsL1:u4 TotVarhInjL1:u4 TotVarhAbsL1:u4 WL2:i VAL2:i
        VarL2:i PFL2:i AL2:i VL2L3:u VL2:u TotWhInjL2:u4 TotWhAbsL2:u4 TotVarhInjL2:u4 TotVarhAbsL2:u4 WL3:i VAL3:i
        VarL3:i PFL3:i AL3:i VL3L1:u VL3:u TotWhInjL3:u4 TotWhAbsL3:u4 TotVarhInjL3:u4 TotVarhAbsL3:u4 ThrotPct:u
        ThrotSrc:b2 A_SF:sf V_SF:sf Hz_SF:sf W_SF:sf PF_SF:sf VA_SF:sf Var_SF:sf TotWh_SF:sf TotVarh_SF:sf Tmp_SF:sf
        MnAlrmInfo:s32""",
    702: """
        WMaxRtg:u WOvrExtRtg:u WOvrExtRtgPF:u WUndExtRtg:u WUndExtRtgPF:u VAMaxRtg:u VarMaxInjRtg:u VarMaxAbsRtg:u
        WChaRteMaxRtg:u WDisChaRteMaxRtg:u VAChaRteMaxRtg:u VADisChaRteMaxRtg:u VNomRtg:u VMaxRtg:u VMinRtg:u
        AMaxRtg:u PFOvrExtRtg:u PFUndExtRtg:u ReactSusceptRtg:u NorOpCatRtg:e AbnOpCatRtg:e CtrlModes:b2
        IntIslandCatRtg:b WMax:u WMaxOvrExt:u WOvrExtPF:u WMaxUndExt:u WUndExtPF:u VAMax:u VarMaxInj:u VarMaxAbs:u
        WChaRteMax:u WDisChaRteMax:u VAChaRteMax:u VADisChaRteMax:u VNom:u VMax:u VMin:u AMax:u PFOvrExt:u
        PFUndExt:u IntIslandCat:b W_SF:sf PF_SF:sf VA_SF:sf Var_SF:sf V_SF:sf A_SF:sf S_SF:sf""",
    703: """
        ES:e ESVHi:u ESVLo:u ESHzHi:u2 ESHzLo:u2 ESDlyTms:u2 ESRndTms:u2 ESRmpTms:u2 ESDlyRemTms:u2 V_SF:sf Hz_SF:sf""",
    704: """
        PFWInjEna:e PFWInjEnaRvrt:e PFWInjRvrtTms:u2 PFWInjRvrtRem:u2 PFWAbsEna:e PFWAbsEnaRvrt:e PFWAbsRvrtTms:u2
        PFWAbsRvrtRem:u2 WMaxLimPctEna:e WMaxLimPct:u WMaxLimPctRvrt:u WMaxLimPctEnaRvrt:e WMaxLimPctRvrtTms:u2
        WMaxLimPctRvrtRem:u2 WSetEna:e WSetMod:e WSet:i2 WSetRvrt:i2 WSetPct:i WSetPctRvrt:i WSetEnaRvrt:e
        WSetRvrtTms:u2 WSetRvrtRem:u2 VarSetEna:e VarSetMod:e VarSetPri:e VarSet:i2 VarSetRvrt:i2 VarSetPct:i
        VarSetPctRvrt:i VarSetEnaRvrt:e VarSetRvrtTms:u2 VarSetRvrtRem:u2 WRmp:u WRmpRef:e VarRmp:u AntiIslEna:e
        PF_SF:sf WMaxLimPct_SF:sf WSet_SF:sf WSetPct_SF:sf VarSet_SF:sf VarSetPct_SF:sf PFWInj.PF:u PFWInj.Ext:e
        PFWInjRvrt.PF:u PFWInjRvrt.Ext:e PFWAbs.PF:u PFWAbs.Ext:e PFWAbsRvrt.PF:u PFWAbsRvrt.Ext:e""",
    713: """
        WHRtg:u WHAvail:u SoC:u SoH:u Sta:e WH_SF:sf Pct_SF:sf""",
    714: """
        PrtAlrms:b2 NPrt:u DCA:i DCW:i DCWhInj:u4 DCWhAbs:u4 DCA_SF:sf DCV_SF:sf DCW_SF:sf DCWH_SF:sf Tmp_SF:sf
        Prt.PrtTyp:e Prt.ID:u Prt.IDStr:s8 Prt.DCA:i Prt.DCV:u Prt.DCW:i Prt.DCWhInj:u4 Prt.DCWhAbs:u4 Prt.Tmp:i
        Prt.DCSta:e Prt.DCAlrm:b2""",
    715: """
        LocRemCtl:e DERHb:u2 ControllerHb:u2 AlarmReset:u OpCtl:e""",
    802: """
        AHRtg:u WHRtg:u WChaRteMax:u WDisChaRteMax:u DisChaRte:u SoCMax:u SoCMin:u SocRsvMax:u SoCRsvMin:u SoC:u
        DoD:u SoH:u NCyc:u2 ChaSt:e LocRemCtl:e Hb:u CtrlHb:u AlmRst:u Typ:e State:e StateVnd:e WarrDt:u2 Evt1:b2
        Evt2:b2 EvtVnd1:b2 EvtVnd2:b2 V:u VMax:u VMin:u CellVMax:u CellVMaxStr:u CellVMaxMod:u CellVMin:u
        CellVMinStr:u CellVMinMod:u CellVAvg:u A:i AChaMax:u ADisChaMax:u W:i ReqInvState:e ReqW:i SetOp:e
        SetInvState:e AHRtg_SF:sf WHRtg_SF:sf WChaDisChaMax_SF:sf DisChaRte_SF:sf SoC_SF:sf DoD_SF:sf SoH_SF:sf
        V_SF:sf CellV_SF:sf A_SF:sf AMax_SF:sf W_SF:sf""",
}
SAME_LAYOUT = {101: 103, 102: 103, 111: 113, 112: 113, 201: 203, 202: 203, 204: 203}
_WORDS = {"u2": 2, "i2": 2, "b2": 2, "acc2": 2, "f2": 2, "u4": 4, "acc4": 4}
# What a device sends for a point that it does not have.
_ABSENT = {
    "u": [0xFFFF], "i": [0x8000], "e": [0xFFFF], "b": [0xFFFF], "sf": [0x8000], "pad": [0x8000],
    "u2": [0xFFFF, 0xFFFF], "i2": [0x8000, 0], "b2": [0xFFFF, 0xFFFF], "acc2": [0, 0], "f2": [0x7FC0, 0],
    "u4": [0xFFFF] * 4, "acc4": [0] * 4,
}  # fmt: skip


def layout(model):
    """{point: (offset from the ID register, type)} of a model."""
    points, at = {}, 2
    for item in LAYOUTS[SAME_LAYOUT.get(model, model)].split():
        name, kind = item.split(":")
        points[name] = (at, kind)
        at += int(kind[1:]) if kind[0] == "s" and kind != "sf" else _WORDS.get(kind, 1)
    return points


def absent(kind):
    """The words of a point that the device does not have."""
    return [0] * int(kind[1:]) if kind not in _ABSENT else list(_ABSENT[kind])
